-- As pg_dump writes it, and as others do.
SET client_encoding = 'UTF8';
create table t (n text); insert into t values ('grün; 日本');
set names 'utf8';
set client_encoding to UNICODE; insert into t values ('ß😀'); reset client_encoding; insert into t values ('é');
