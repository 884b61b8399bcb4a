-- Rows that do not come from this file, although it speaks of stdin.
create table t (id int, a text default 'from stdin;');
copy t (id) from program 'echo 1; echo "2"'; copy t from program $$printf '3;"stdin"\n'$$ with (format csv, delimiter ';');
copy (select 'from stdin;') to program 'cat > /dev/null'; insert into t values (4);
