-- What JDBC, templates and shells would take for theirs is text.
create table braces (id int, t text, a int[]);
insert into braces values (1, '{fn now()}', '{1,2}'), (2, '{d ''2026-01-01''};{', '{}'), (3, '{{ name }} {% if %} ${x} #{x} %s %%', '{3}');
create function f(name text) returns text language plpgsql as $$
begin
    return '${name}' || format('{%s} {call f(?)} :name ? ?? $name %1$s', name) || $x${x}$x$ || '{ts';
end
$$;
insert into braces values (4, f('n'), array[1] || '{2,3}');
comment on table braces is 'Hello ${user}, {oj} {escape ''}';
