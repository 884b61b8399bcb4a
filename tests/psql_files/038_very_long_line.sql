-- @N*text@ is text N times, put in by the test.
create table t (id int, t text); insert into t values (1, '@9000*it''s; -- \ @'); insert into t select 2, $a$@9000*; $$ ' @$a$ /* @9000*;'@ */;
insert into t values @9000*(3, ';'), @(4, 'last');@500*insert into t values (5, '--');@
