"""What each tool counts for an exported program: by the functions or the modules that it sees."""
