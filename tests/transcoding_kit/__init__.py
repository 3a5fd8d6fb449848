"""An archive that transcodes, in this process, with its codec's calls counted."""
