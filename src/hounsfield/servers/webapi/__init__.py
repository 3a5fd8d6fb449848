"""The JSON API of our own web app, and the app's files."""
