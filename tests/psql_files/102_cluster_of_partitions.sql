-- server >= 15
create table p (id int) partition by range (id); create table p1 partition of p for values from (0) to (10); create index p_id on p (id);
insert into p values (3), (1), (2);
cluster p using p_id; create table seen as select array_agg(id order by ctid) places from p1;
