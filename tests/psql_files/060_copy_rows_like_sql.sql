-- Rows that look like anything but rows.
create table t (a text);
copy t from stdin;
; drop table t;
'
"
-- a comment
/* begin
$$
begin;
\\.
\\i nowhere.sql
copy t from stdin;
 \\.
:name :'name' ${x} {

commit
\.
insert into t values ('between; ');
copy t from stdin csv;
"it's; -- /*"
"$a$"
"\\echo"
\i nowhere.sql
'
;
