-- The actions of a rule stand in parentheses, with semicolons between them.
create table t (id int, n text);
create table log (what text, id int);
create view v as select id, n from t;
create rule v_insert as on insert to v do instead (insert into t values (new.id, new.n); insert into log values ('insert;(', new.id););
create rule v_update as on update to v do instead (
    update t set n = new.n where id = old.id;
    insert into log select case when new.n = ')' then 'update );' else 'update' end, new.id; -- );
    insert into log values ('again', old.id)
);
create rule v_delete as on delete to v do instead nothing;
insert into v values (1, 'a'), (2, 'b'); update v set n = ')' where id = 1; delete from v;
