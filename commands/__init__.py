"""The commands of `storyreel`, one file for each group. They read, call one function of the library, print or write."""
