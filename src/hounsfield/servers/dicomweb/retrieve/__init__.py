"""WADO-RS and WADO-URI: objects, frames, bulk data and metadata (PS3.18 9, 10.4)."""
