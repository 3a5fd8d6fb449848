"""What tests of pixel data share: other people's decoders."""
