-- The rows stand in the file, up to the line \.
create table t (id int, a text, b text);
COPY t (id, a, b) FROM stdin;
1	one	\N
2		tab\tline\nback\\
3	\\N	\x41\101\
next line
4	it's; "x" -- $$	/*
\.
copy t from stdin with (delimiter '|', null 'nothing');
5|nothing|a\|b
6||;
\.
Copy t(b,id)From StdIn Delimiter ',' Null '';
x\,y,7
\.
copy t from stdin;
\.
insert into t values (8, 'after', '');
