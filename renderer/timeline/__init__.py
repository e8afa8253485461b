"""The timeline: the contract between the compiler and every backend (DESIGN §6). Values only, no effects."""
