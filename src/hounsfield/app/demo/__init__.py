"""Studies to look at before one's own arrive: synthetic phantoms, and a part of a licensed CT (see `data/LICENCES.md`)."""
