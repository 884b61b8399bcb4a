-- :name as it stands, :'name' as a string, :"name" as a name; outside of quotes and comments only.
\set n 42
\set word 'it''s; \\ :n'
\set table 'odd "name;'
\set joined a :n 'b c' :'n'
\set empty
create table :"table" (id int, t text, :"n" int);
insert into :"table" values (:n, :'word', :n::int), (-:n, ':n' || $$:n :'word'$$ || :'n', /* :n :'word' */ 1); -- :n
create table part_:n (id int default :n+1, m int default 1, a int[] default array[:n,:n] :empty); create table results as select :'joined' j, :'empty' e, ':''n''' q;
\set n :n 7
insert into part_42 values (:n); insert into part_42 (a) values (array[:n]); create table if not exists "part_:n" (id int);
insert into part_42 select id, m, a[1:m] from part_42; insert into results values (':n', :'word', E':n\':n');
