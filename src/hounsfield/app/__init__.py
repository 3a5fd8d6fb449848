"""Composition: settings, the command line, the processes; the only folder that knows all parts."""
