-- CSV with a header and quoted line ends, to the end of the file.
create table t (id int, a text, b text);
copy t from stdin with (format csv, header);
id;"nonsense",a,b
1,"two
lines; it's","a ""quote"""
2,,""
3,"

",x
4,a\b,\N
