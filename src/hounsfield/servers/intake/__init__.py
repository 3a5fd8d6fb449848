"""The archive process' door for objects that other processes of this machine hand over."""
