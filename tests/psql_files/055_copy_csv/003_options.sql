copy t from stdin (format csv, force_not_null (a), force_null (b), encoding 'UTF8', delimiter E'\t');
7		""
8	"ü	;"	$$
