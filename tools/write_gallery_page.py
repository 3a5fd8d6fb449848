"""Write docs/gallery/README.md from the pictures beside it: `python tools/write_gallery_page.py` (`make gallery` does it)."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

GALLERY = Path(__file__).resolve().parent.parent / "docs" / "gallery"
CAPTION = 0x010E
HEAD = """# Gallery

Pictures that the browser tests took of the app on its own demo studies and on phantoms (`make gallery`); they change with the app.
"""


def main() -> None:
    """One heading a picture, in the order of the names."""
    parts = [HEAD]
    for path in sorted(GALLERY.glob("*.webp")):
        with Image.open(path) as picture:
            caption = picture.getexif()[CAPTION]
        parts.append(f"## {caption}\n\n![{caption}]({path.name})\n")
    (GALLERY / "README.md").write_text("\n".join(parts), encoding="utf-8")


if __name__ == "__main__":
    main()
