-- Parameters of a prepared statement are not the client's.
create table t (id int, n text);
prepare "put;" (int, text) as insert into t values ($1, $2 || ';$1');
execute "put;" (1, 'a'); execute "put;" (2, '$2');
prepare get as select n from t where id = $1 and $2::text <> ';'; create table got as execute get (1, 'x');
deallocate "put;"; prepare "put;" as insert into t select id + 10, n from t; execute "put;"; deallocate all;
