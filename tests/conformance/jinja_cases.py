#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes tests/data/model/jinja_cases.json: what jinja2 renders of small templates, each of one thing.

    pip install jinja2
    tests/conformance/jinja_cases.py
"""
import copy
import json
import pathlib

from chat_templates import environment

DATA = {
    "s": " Ab ä\n", "t": "a,b,,c", "n": 7, "f": 2.5, "yes": True, "no": False, "nil": None, "l": [3, 1, 2],
    "d": {"b": 1, "A": "x", "items": 5}, "e": [], "w": "foo bar  baz", "u": "ÄÖ😀ü", "q": "it's \"q\"\t\\",
    "ms": [{"role": "user", "content": "hi", "n": 2}, {"role": "bot", "content": "yo", "n": 1},
           {"role": "user", "content": "ok", "n": 3}],
}

EXPRESSIONS = """
1 + 2 * 3 - 4 // 3 % 2|7 / 2|-7 // 2|-7 % 3|7.5 // 2|2 ** 10|2 ** -1|-2 ** 2|1e20|1e16|1.5e-7|0.1 + 0.2|1.0|-n|+n
'a' ~ 1 ~ none ~ true|'a' + 'b'|'ab' * 3|l + [4]|[1] * 2|'%s is %d%%' % ('a', 3)|n == 7.0|1 < 2 < 3|1 < 3 < 2|n in l|3 in l
'b' in t|'x' not in t|'b' in d|not n|not e|nil is none|n is not none|x is defined|x is undefined|n and 0|n or 0|e or 'else'
'a' if n else 'b'|'a' if x|('a' if no else 'b') ~ 'c'|x|nil|yes|[1, 'a', none, true, 2.0, [], {}, ()]|d|(1,)|(1, 2)|q|[q]
['\\x00\\n', 'é', '\\u200b']|l[0]|l[-1]|l[9]|l[1:]|l[::-1]|l[:-1]|u[1]|u[-1]|u[::-1]|u[1:3]|s[5:1]|t[::2]|d.b|d['b']
d.zz|d['zz'] is defined|d.get('b')|d.get('zz')|d.get('zz', 4)|d.items() | list|d.keys() | list|d.values() | list|d.items()
range(3) | list|range(3)|range(5, 1, -2) | list|range(2, 4)[0]|l | length|u | length|d | length|x | length|s.strip()|s.lstrip()
s.rstrip()|'xxaxx'.strip('x')|t.split(',')|w.split()|w.split(' ')|w.split(none, 1)|w.rsplit(' ', 1)|'  a b '.split(none, 1)
'a\\nb\\r\\nc'.splitlines()|s.upper()|u.lower()|'hello wORLD x1y'.title()|w.capitalize()|w.startswith('foo')|w.endswith(('x', 'baz'))
t.replace(',', ';')|t.replace(',', ';', 1)|'ab'.replace('', '-')|w.find('bar')|w.find('zz')|u.find('ü')|w.count('o')|','.join(['a', 'b'])
'{} and {1} {k}'.format('a', 'b', k=3) is string|'{}-{}'.format(1, none)|'{{{0}}}'.format(1)|'ab'.removeprefix('a')|'ab'.removesuffix('b')
'a=b=c'.partition('=')|'a=b=c'.rpartition('=')|'12'.isdigit()|'a1'.isalpha()|' '.isspace()|'AB'.isupper()|'Ab'.islower()|'x' is lower
s | trim|t | upper|w | title|'foo-bar (baz)' | title|w | capitalize|x | default('z')|'' | default('z')|'' | default('z', true)|nil | d('z')
l | first|l | last|e | first|u | first|l | join('-')|ms | join(', ', attribute='role')|l | sort|l | sort(reverse=true)|['b', 'A', 'c'] | sort
['b', 'A'] | sort(case_sensitive=true)|ms | sort(attribute='n') | map(attribute='content') | list|ms | map(attribute='role') | unique | list
['a', 'B'] | map('upper') | list|ms | selectattr('role', 'equalto', 'user') | list | length|ms | rejectattr('role', '==', 'user') | list
l | select('odd') | list|l | reject('gt', 1) | list|[0, 1, ''] | select | list|l | sum|ms | sum(attribute='n')|l | min|l | max|e | max
l | reverse | list|u | reverse|l | batch(2) | list|l | batch(2, 0) | list|d | dictsort|d | dictsort(by='value', reverse=true) if no|d | items | list
'3' | int|'3.7' | int|'x' | int|'x' | int(9)|2.9 | int|'ff' | int(0, 16)|'2.5' | float|'x' | float|3 | float|2.5 | round|3.5 | round|42.55 | round(1)
42.4 | round(0, 'ceil')|7 | round|-3 | abs|'<a href="x">' | e|('<b>' | safe) + '<i>'|('<b>' | e) ~ '<i>'|'<b>' | safe | upper|'<' | escape | length
d | tojson|ms | tojson(indent=2)|[] | tojson(indent=2)|{'a': [1, {}]} | tojson(indent=4)|u | tojson|u | tojson(ensure_ascii=true)|q | tojson|'<&>' | tojson
{'b': 1, 'a': 2} | tojson(sort_keys=true)|[1, 2] | tojson(separators=(',', ':'))|1.0 | tojson|1e30 | tojson|{1: none, true: 2} | tojson|(1, 2) | tojson
'a\\nb\\n\\nc' | indent|'a\\nb' | indent(2, true)|'a\\n\\nb' | indent(2, blank=true)|'a\\nb' | indent('> ')|n | string + 'x'|[1, 2] | string|'%s!' | format('a')
w | replace('o', '0')|121 | replace(1, 'x')|n is number|s is string|d is mapping|l is iterable|s is sequence|d is sequence|n is iterable|x is iterable
yes is boolean|yes is true|n is true|no is false|n is integer|yes is integer|f is float|4 is even|3 is odd|9 is divisibleby(3)|9 is divisibleby 3
n is sameas n|'a' is in 'abc'|2 is in [1, 2]|n is gt 3|n is eq(7)|'tojson' is filter|'nope' is filter|'defined' is test|range is callable|n is callable
{'a': 1}['a']|{'a': 1}.a|{1: 'x'}[1]|{'a': 1, 'a': 2}|ms[0].content|ms[0]['content'] | upper|ms | map(attribute='n') | sum|'a' 'b'|'\\'\\x41\\u00e9\\101\\q'
d == {'A': 'x', 'b': 1, 'items': 5}|[1, 2] == [1, 2]|(1, 2) == [1, 2]|[1, 2] < [1, 3]|'a' < 'b'|1 == true|1 == '1'|none == x|0x10 is defined if no|1_000
ms | selectattr('n') | map(attribute='n') | list|(ms | selectattr('role', 'eq', 'nobody')) is iterable|'x' in (ms | map(attribute='role'))|dict(a=1)
d.pop is defined|d.pop('b')|l.append(4)|d.update({})|x.y|x + 1|1 + 'a'|'a' * 'b'|n.foo.bar|l | join(1)|1 // 0|1 % 0|range(10**6)|nil | length
raise_exception('No!')|x()|n()|1 in 2|1 < 'a'|[] < {}|'{}'.format()|'a'.split('')|{[]: 1}|t.nope()|nil.x|nil[0]|none | list|none | map('upper') | list
strftime_now('%Y-%m-%d %B %b %d %H')|loop|namespace(a=1).a|namespace(a=1)['a']|namespace().zz is defined|'abc'[1:][0]|s | trim | length|l | count
'aaaa'.count('aa')|'abababa'.count('aba')|'aaaa'.rsplit('aa', 1)|'aaaaa'.rsplit('aa')|'aaa'.split('aa')|'aXbXc'.rsplit('X', 1)|'abab'.rpartition('bab')|'abaab'.find('aab')
'äbäb'.rfind('äb')|'abc'.rfind('')|'äbc'.find('')|'' in ''|'abc'.replace('', '-', 2)|'ab'.replace('', '')|'ab'.replace('', '-', 9)|'aaa'.replace('aa', 'b')|'aaaa'.replace('a', 'b', 3)
'xäx'.strip('äx')|'aXa'.strip('')|'ß'.isupper()|'ßA'.islower()|'1'.isupper()|'ab'.startswith('')|'ab'.endswith(())|'ab'.endswith(('a', 'b'))|'a\\r' | indent|'' | indent(2, true)
'a\\n' | indent(2, blank=true)|' 1_0 ' | int|' 2.5 ' | float|'%s%%%s' % ('a', 'b')|'-{}-{{}}'.format('a')|['a', 1, none] | join(', ')|[] | join('-')|'-'.join('abc')|'-'.join([])
ms | map(attribute='role.zz') | list | length|[{'a': [{'b': 1}]}] | map(attribute='a.0.b') | list|('<' | e) + '>' + '&'|('<b>' | safe).replace('b', '<')|'ab' ~ 1 ~ [2]
"""

TEMPLATES = [
    "a\n{% if yes %}\nb\n{% endif %}\nc\n", "  {% if yes %}  x  {% endif %}  \n  y", "a {%- if yes -%} b {%- endif -%} c",
    "a\n   {%+ if yes %}b{% endif %}", "a {#- c -#} b", "a\n  {# c #}\nb", "{{ 1 }}\n\n{{ 2 -}}\n\n{{- 3 }}\n", "x{{ 1 }}  {% if no %}{% endif %}\n z",
    "{% raw %}{{ x }} {% y %}{% endraw %}\nz", "{%- raw -%}  {{ x }}  {%- endraw -%}  z", "{% if no %}a{% elif n == 7 %}b{% else %}c{% endif %}",
    "{% for i in l %}{{ loop.index }}{{ loop.index0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }}{{ loop.revindex }}{{ loop.revindex0 }}{{ i }};{% endfor %}",
    "{% for i in e %}x{% else %}none{% endfor %}", "{% for k, v in d.items() %}{{ k }}={{ v }} {% endfor %}", "{% for c in u %}[{{ c }}]{% endfor %}",
    "{% for m in ms if m.role == 'user' %}{{ loop.index }}/{{ loop.length }}{{ m.content }}{{ loop.last }} {% endfor %}",
    "{% for i in l %}{% if i == 1 %}{% continue %}{% endif %}{{ i }}{% if i == 2 %}{% break %}{% endif %}{% endfor %}!",
    "{% for i in l %}{{ loop.previtem }}<{{ i }}>{{ loop.nextitem }} {{ loop.cycle('a', 'b') }} {{ loop.changed(i > 1) }};{% endfor %}",
    "{% for i in l %}{% for j in e %}{% else %}{{ loop.index }}{{ i }}{% endfor %}{% endfor %}", "{% for (a, b), c in [((1, 2), 3)] %}{{ a }}{{ b }}{{ c }}{% endfor %}",
    "{% set a = 1 %}{% for i in l %}{% set a = i %}{% endfor %}{{ a }}", "{% if yes %}{% set a = 2 %}{% endif %}{{ a }}", "{% set a, b = 1, 2 %}{{ b }}{{ a }}",
    "{% set ns = namespace(x=0) %}{% for i in l %}{% set ns.x = ns.x + i %}{% endfor %}{{ ns.x }}", "{% set a %} b {{ n }} {% endset %}[{{ a }}]",
    "{% set a | upper | trim %} b {% endset %}[{{ a }}]", "{% filter upper %}a{{ s }}{% endfilter %}", "{% with a = 1, b = 2 %}{{ a + b }}{% endwith %}{{ a }}",
    "{% macro m(a, b='x', c=a) %}{{ a }}{{ b }}{{ c }};{% endmacro %}{{ m(1) }}{{ m(1, 2) }}{{ m(b=3, a=4) }}{{ m() }}",
    "{% macro m() %}{{ varargs }}{{ kwargs }}{% endmacro %}{{ m(1, 2, k=3) }}", "{% macro m() %}<{{ caller(5) }}>{% endmacro %}{% call(x) m() %}in {{ x }}{% endcall %}",
    "{% macro m(v) %}{% if v is mapping %}{ {%- for k, w in v.items() %}{{ k }}:{{ m(w) }}{% endfor %}}{% else %}{{ v }}{% endif %}{% endmacro %}{{ m({'a': {'b': 1}}) }}",
    "{% macro m(a) %}{% endmacro %}{{ m(1, 2) }}", "{% macro m(a) %}{% endmacro %}{{ m(z=2) }}", "{% macro m(a) %}{{ z }}{% endmacro %}{% set z = 4 %}{{ m() }}",
    "{% generation %}{{ n }}{% endgeneration %}!", "{% set a = ms | selectattr('role', 'equalto', 'user') %}{{ a | list | length }}{{ a | list | length }}",
    "{% set x = 5 %}{% set x.y = 1 %}", "{{ n", "{% if %}", "{% for %}", "{% if yes %}", "{% endif %}", "{{ 1 | nope }}", "{% if no %}{{ 1 | nope }}{% endif %}ok",
    "{% if yes %}{{ 1 | nope }}{% endif %}ok", "{% break %}", "{# open", "{{ 'open }}", "{{ (1 }}", "{{ 1 + }}", "{{ }}", "{% unknown %}",
    "{% set true = 1 %}", "{{ {'a': {'b': 1}}}}", "{{ {'a': {'b': 1}} }}", "{{ [1, 2,] }}{{ {'a': 1,} }}{{ (1, 2,) }}", "{%if yes%}x{%endif%}", "\r\na\rb\n\n",
    "{{ messages is defined }}", "{% for m in ms %}{{ m['role'] + ': ' + m['content'] + '\\n' }}{% endfor %}", "{% for i in range(3) if i % 2 == 0 %}{{ i }}{% endfor %}",
    "{% for m in ms[::-1] %}{{ m.n }}{% endfor %}", "{% set l2 = l + [9] %}{{ l2 }}{{ l }}", "{% for i in l %}{% set ns = namespace(v=i) %}{{ ns.v }}{% endfor %}",
    "{% for i in [1] %}{% for j in [1, 2] %}{{ loop.depth }}{{ loop.depth0 }}{% endfor %}{{ loop.depth }}{% endfor %}",
    "{% set ns = namespace() %}{% for a in [1] %}{% for x in [1, 2, 3] if x %}{% set ns.l = loop %}{% break %}{% endfor %}{% endfor %}{{ ns.l.length }}",
    "{% set ns = namespace() %}{% macro m(k) %}{% for x in [1, 2, 3] if x < k %}{% set ns.l = loop %}{% break %}{% endfor %}{% endmacro %}"
    "{% set y = m(3) %}{% set z = m(9) %}{% set w = ['a', 'b'] | join('-') | upper %}{{ ns.l.length }}{{ ns.l.nextitem }}{{ ns.l.last }}",
    "{% set ns = namespace() %}{% for x in [1, 2, 3] if ns.l is undefined or ns.l.length %}{% set ns.l = loop %}{{ x }}{% endfor %}",
    "{% for x in [1, 2, 3, 4, 5] if x % 2 %}{{ x }}{{ loop.length }}{{ loop.revindex }}{{ loop.nextitem }}{{ loop.previtem }};{% endfor %}",
    "{{ loop is defined }}", "{{ '{{' }}{{ '%}' }}", "{{ a.b.c is defined if a is defined else 'no' }}",
]


def main():
    made = environment()
    expressions = [e for line in EXPRESSIONS.strip().splitlines() for e in split_row(line)]
    cases = []
    for source in ["{{ " + e.strip() + " }}" for e in expressions] + TEMPLATES:
        try:
            cases.append({"template": source, "text": made.from_string(source).render(**copy.deepcopy(DATA))})
        except Exception:  # whatever Python raises
            cases.append({"template": source})
    target = pathlib.Path(__file__).resolve().parent.parent / "data/model/jinja_cases.json"
    target.write_text(json.dumps({"data": DATA, "cases": cases}, indent=0, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"{len(cases)} cases, {sum('text' in c for c in cases)} of them texts, in {target.name}")


def split_row(line):
    """Expressions of a row: filters have blanks around their bar."""
    return line.replace(" | ", "\0").replace("|", "\n").replace("\0", " | ").split("\n")


if __name__ == "__main__":
    main()
