"""The authoring tool: notebooks, exercises and solutions are built from one text file each."""
