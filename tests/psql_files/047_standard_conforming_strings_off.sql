-- The file itself decides how its strings are read.
create table t (id int, s text);
insert into t values (1, '\');
set escape_string_warning = off; set standard_conforming_strings = off;
-- psql heeds it from the next line on
insert into t values (2, 'it\'s; here'), (3, E'\';'), (4, '\\'), (5, $$\$$); create table "\" (";\'" int);
begin; set local standard_conforming_strings to on;
insert into t values (6, '\'); commit;
insert into t values (7, '\';');
begin; set standard_conforming_strings = on;
insert into t values (8, '\'); rollback;
insert into t values (9, 'a\';');
reset standard_conforming_strings;
insert into t values (10, '\'); select set_config('standard_conforming_strings', 'off', false);
insert into t values (11, '\';'); set standard_conforming_strings to default;
insert into t values (12, ';\');
