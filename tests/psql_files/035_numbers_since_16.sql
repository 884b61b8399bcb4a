-- server >= 16
create table n (id int, x numeric);
insert into n values (1, 1_000), (2, 0x1F), (3, 0o17), (4, 0b1_01), (5, 1_000.000_1e1_0), (6, 0xffff_ffff);
create function f(n int) returns int begin atomic select 1_0 + $1; end; insert into n values (7, f(0x_1));
