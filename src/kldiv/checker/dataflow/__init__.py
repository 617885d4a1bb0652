"""An abstract interpretation of a source file: what each tensor holds, and which divergences are taken of it."""
