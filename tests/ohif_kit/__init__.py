"""The published OHIF viewer beside a Hounsfield server, on one origin."""
