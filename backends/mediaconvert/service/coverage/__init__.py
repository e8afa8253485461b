"""Which settings are honoured, warned about or refused: data, one table; a setting that is not in it is refused."""
