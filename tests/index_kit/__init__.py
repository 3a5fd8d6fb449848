"""What tests of the index share: databases of their own, and entries made up from a few words."""
