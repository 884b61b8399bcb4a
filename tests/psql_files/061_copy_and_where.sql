-- A condition, names in quotes, comments between, another schema.
create schema "s;1"; create table "s;1"."from stdin" ("i;d" int, "a(" text); create table copy (stdin text);
copy /* from stdin; */ "s;1"."from stdin" -- ; it's
    ("i;d", "a(") from /* x */ stdin -- y
    where "i;d" <> 2 and "a(" <> ';';
1	one
2	two
3	;
4	four
\.
copy copy(stdin)from stdin
;
x
\.
copy copy from stdin with (format text, null E'\'') where stdin in ('a', 'b;') or (stdin is null);
a
c
'
\.
