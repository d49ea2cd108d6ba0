"""Helper package of the course "Optimization without gradients". Importing it loads no submodule."""

__version__ = "0.1.0"
