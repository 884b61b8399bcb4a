-- Of a dump with another encoding, here with no letter that tells the difference; errors and notices would come in it, too.
SET client_encoding = 'LATIN1';
create table t (n text);
insert into t values ('plain; ascii'); select E'\u00e4' from t;
copy t from stdin;
more
\.
do $$ begin raise notice '%', U&'\00e4'; end $$;
insert into t select chr(228);
