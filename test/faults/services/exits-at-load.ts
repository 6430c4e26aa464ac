// A module whose thread dies while it loads.

process.exit(3);
