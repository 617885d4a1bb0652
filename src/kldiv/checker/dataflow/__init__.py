"""An abstract interpretation of a source file: what each tensor holds, and its divergences."""
