-- server >= 14
-- The END of a CASE does not end the body.
create function kind(n int) returns text language sql
begin atomic
    select case when n < 0 then 'neg;' when n = 0 then case when $1 is null then 'no' else 'zero;' end
        else case n when 1 then 'one' else case when n > 9 then 'many; end' else 'few' end end end as "case";
    -- end; it's
    select (case when $1 > 0 then (select case n when 1 then 'a' else 'b' end) end) || $1;
end;
create function other(n int) returns int begin atomic select CASE WHEN n = 1 THEN 2 END + 1; END;
create table results as select n, kind(n), other(n), case n when 1 then 'x' else 'y' end c from generate_series(-1, 10) n;
