-- A body of 300 kB; @N*text@ is text N times, put in by the test.
create function large() returns text language plpgsql as $body$
begin
    @9000*-- it's; $$ begin 'quoted @
    return '@9000*end; ${x} ''@';
end
$body$;
create table results as select length(large());
