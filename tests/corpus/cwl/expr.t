# CWL parameter references, expressions and string interpolation.
# A case is three lines: the text, the context as JSON ("-": the standard one, "%context"), the result as JSON or "error: "
# and a part of the message. Cases are parted by an empty line. A text that begins with "json:" is a JSON string.
# "%js" and "%nojs" say whether JavaScript may be used from there on, "%both" runs each case with and without; "%old" and
# "%new" choose the escapes of v1.0/v1.1 and of v1.2; "%space" keeps white space, "%trim" does not.

%context {"inputs": {"bar": {"baz": "zab1", "b az": 2, "b'az": true, "b\"az": null, "buz": ["a", "b", "c"]}, "n": 7, "f": 4.0, "long": 4147483647, "tiny": 0.00001, "small": 1.23e-05, "big": 1.23e5, "huge": 1e42, "neg": -0.5, "yes": true, "none": null, "empty": "", "quote": "say \"hi\"\n", "length": 1, "rec": {"length": {"bap": 3}}, "file": {"class": "File", "path": "/data/a.fastq.gz", "basename": "a.fastq.gz", "nameroot": "a.fastq", "nameext": ".gz", "size": 10}, "uni": "aé\ud83e\uddecz", "größe": 5, "list": [[1, 2], {"k": "v"}], "map": {"z": 1, "a": {"y": 2, "b": [1.0, 1e-7]}}}, "self": ["x", "y"], "runtime": {"cores": 2, "ram": 1024, "outdir": "/out", "tmpdir": "/tmp"}}
%both

# ---- references with their types

$(inputs.bar.baz)
-
"zab1"

$(inputs['bar'].baz)
-
"zab1"

$(inputs['bar']["baz"])
-
"zab1"

$(inputs.bar['b az'])
-
2

$(inputs.bar['b\'az'])
-
true

$(inputs.bar["b'az"])
-
true

$(inputs.bar['b"az'])
-
null

$(inputs.bar["b\"az"])
-
null

$(inputs.bar.buz)
-
["a", "b", "c"]

$(inputs.bar.buz[1])
-
"b"

$(inputs.bar.buz.length)
-
3

$(inputs.bar.buz['length'])
-
3

$(inputs.length)
-
1

$(inputs.rec.length)
-
{"bap": 3}

$(inputs.rec.length.bap)
-
3

$(inputs.list[0][1])
-
2

$(inputs.list[1].k)
-
"v"

$(inputs.list[1]['k'])
-
"v"

$(self)
-
["x", "y"]

$(self[0])
-
"x"

$(self.length)
-
2

$(self)
{"inputs": {}, "self": null, "runtime": {}}
null

$(runtime)
-
{"cores": 2, "ram": 1024, "outdir": "/out", "tmpdir": "/tmp"}

$(runtime.cores)
-
2

$(null)
-
null

$(inputs.none)
-
null

$(inputs.f)
-
4.0

$(inputs.long)
-
4147483647

$(inputs.huge)
-
1e42

$(inputs.file)
-
{"class": "File", "path": "/data/a.fastq.gz", "basename": "a.fastq.gz", "nameroot": "a.fastq", "nameext": ".gz", "size": 10}

$(inputs.größe)
-
5

$(inputs.bar.baz[0])
-
"z"

$(inputs.uni[1])
-
"é"

json:"  $(inputs.n)\n"
-
7

# ---- interpolation

-$(inputs.bar.baz)
-
"-zab1"

$(inputs.bar.baz) $(inputs.bar.baz)
-
"zab1 zab1"

$(inputs.bar['b az']) $(inputs.bar['b az'])
-
"2 2"

$(inputs.bar['b\'az']) $(inputs.bar["b'az"])
-
"true true"

$(inputs.bar['b"az']) $(null)
-
"null null"

$(inputs.bar.buz[1]) $(inputs.bar.buz[1])
-
"b b"

$(inputs.file.nameroot).$(inputs.n).bam
-
"a.fastq.7.bam"

x$(inputs.empty)y
-
"xy"

[$(inputs.quote)]
-
"[say \"hi\"\n]"

v=$(inputs.bar.buz)
-
"v=[\"a\", \"b\", \"c\"]"

v=$(inputs.map)
-
"v={\"a\": {\"b\": [1, 0.0000001], \"y\": 2}, \"z\": 1}"

v=$(inputs.list)
-
"v=[[1, 2], {\"k\": \"v\"}]"

$(inputs.f) $(inputs.neg) $(inputs.yes)
-
"4 -0.5 true"

$(inputs.tiny) $(inputs.small) $(inputs.big) $(inputs.huge)
-
"0.00001 0.0000123 123000 1000000000000000000000000000000000000000000"

$(inputs.uni)!
-
"aé\ud83e\uddecz!"

json:" a $(inputs.n)\n"
-
"a 7"

$$(inputs.n)
-
"$7"

$(inputs.n)$
-
"7$"

# ---- text without an expression stands for itself

plain
-
"plain"

json:"  spaces stay \n"
-
"  spaces stay \n"

two \\ stay two, \x too
-
"two \\\\ stay two, \\x too"

$ and $x and $[1]
-
"$ and $x and $[1]"

json:""
-
""

# ---- escapes of v1.2

\$(inputs.n)
-
"$(inputs.n)"

\${inputs.n}
-
"${inputs.n}"

\\$(inputs.n)
-
"\\7"

\\\$(inputs.n)
-
"\\$(inputs.n)"

\\\\$(inputs.n)
-
"\\\\7"

\\\\\$(inputs.n)
-
"\\\\$(inputs.n)"

a\b$(inputs.n)\
-
"a\\b7\\"

\\ $(inputs.n) \\\ \$ $$
-
"\\ 7 \\\\ \\$ $$"

\$$(inputs.n)
-
"\\$7"

\$(a) $(inputs.n) \$(b)
-
"$(a) 7 $(b)"

json:"echo \\\n  $(inputs.n)"
-
"echo \\\n  7"

# ---- escapes of v1.0 and v1.1: the backslash goes, the next character stays

%old

\$(inputs.n)
-
"$(inputs.n)"

a\b$(inputs.n)
-
"ab7"

\\$(inputs.n)
-
"\\7"

$(inputs.n)\
-
"7\\"

%new

# ---- Dirent.entry keeps white space

%space

json:"$(inputs.n)\n"
-
"7\n"

json:"  a $(inputs.n) \n"
-
"  a 7 \n"

$(inputs.n)
-
7

%trim

# ---- without an end

$(inputs.n
-
error: the expression that begins at offset 0 with '$(' has no end

a ${ return 1;
-
error: the expression that begins at offset 2 with '${' has no end

$(inputs['n)
-
error: has no end

\$(inputs.n) $(
-
error: begins at offset 13

# ---- mistakes in references, without JavaScript

%nojs

$(inputs.bar.bazz)
-
error: in $(inputs.bar.bazz): 'inputs.bar' has no field 'bazz'; did you mean 'baz'?

$(inputs.nothing.here)
-
error: 'inputs' has no field 'nothing'

$(inputs.n.length)
-
error: 'inputs.n' is an int and has no field 'length'

$(inputs.bar.baz.length)
-
error: 'inputs.bar.baz' is a string and has no field 'length'

$(inputs.bar.buz.length.x)
-
error: 'inputs.bar.buz' is an array and has no field 'length'

$(null.something)
-
error: 'null' is a null and has no field 'something'

$(inputs.none.x)
-
error: 'inputs.none' is a null and has no field 'x'

$(inputs.bar.buz[3])
-
error: 'inputs.bar.buz' has 3 elements: there is no [3]

$(inputs.bar[0])
-
error: 'inputs.bar' is not an array

$(inputs.bar.baz[4])
-
error: 'inputs.bar.baz' is shorter than [4] asks for

$(input.n)
-
error: 'input' is not known: expected inputs, self or runtime; did you mean 'inputs'?

$(foo)
-
error: 'foo' is not known

$(1+1)
-
error: in $(1+1): this is not a parameter reference

$(inputs.n )
-
error: not a parameter reference

$()
-
error: not a parameter reference

$(inputs.)
-
error: not a parameter reference

$(inputs[-1])
-
error: not a parameter reference

$(inputs['a\n'])
-
error: not a parameter reference

$(inputs.bar.buz[99999999999999999999])
-
error: not a parameter reference

${return 1;}
-
error: JavaScript needs InlineJavascriptRequirement

a $(inputs.n) b $(inputs.m)
-
error: in $(inputs.m): 'inputs' has no field 'm'

# ---- JavaScript

%js

$(1+1)
-
2

$( inputs.n )
-
7

$(inputs.nothing)
-
null

$(inputs.nothing.here)
-
error: in $(inputs.nothing.here): line 1: TypeError: cannot read property 'here' of undefined

$(null.something)
-
error: TypeError: cannot read property 'something' of null

$(inputs.bar.baz.length)
-
4

$(inputs.bar.buz.length + inputs.bar.baz.length)
-
7

$(true) and $(false)
-
"true and false"

$("/foo/bar/baz".split('/').slice(-1)[0])
-
"baz"

json:"${\n  var r = [];\n  for (var i = 10; i >= 1; i--) {\n    r.push(i);\n  }\n  return r;\n}\n"
-
[10, 9, 8, 7, 6, 5, 4, 3, 2, 1]

$({'output': (inputs.n == 7 ? 1 : 2)})
-
{"output": 1}

$({'output': null })
-
{"output": null}

${return 'quote "' + inputs.quote + '"'}
-
"quote \"say \"hi\"\n\""

pre ${ if (true) { return {a: 1.5}; } } post
-
"pre {\"a\": 1.5} post"

$("a)b" + ')' + "\")" + '\')')
-
"a)b)\")')"

${ return "}" + '{' /* } */ + '}'; // don't }
-
error: has no end

json:"${ return '}' /* } isn't */ + '{'; // don't }\n}"
-
"}{"

$(inputs.file.basename.replace(/[)'"]/g, '_').replace(/\.gz$/, ''))
-
"a.fastq"

$((inputs.n + 1) / 2 + ")".length / 1)
-
5

$([8 / 2, inputs.n / 7, inputs['n'] / 1])
-
[4, 1, 7]

json:"${ var i = 4; i++ / 2; return /}/.test('}') ? i : 0; }"
-
5

${ return typeof /[/}]/.source; }
-
"string"

$(inputs.file.nameroot + "_" + runtime.cores)_x
-
"a.fastq_2_x"

$(self.map(function (x) { return x + ")"; }))
-
["x)", "y)"]

$(JSON.stringify({a: [1, 2]}))
-
"{\"a\":[1,2]}"

$(inputs.uni.length) $(inputs.uni)
-
"5 aé\ud83e\uddecz"

$(undefined)
-
null

\$(1+1) $(1+1)
-
"$(1+1) 2"

$(undeclared)
-
error: in $(undeclared): line 1: ReferenceError: identifier 'undeclared' undefined

${ throw "no lanes"; }
-
error: no lanes

json:"${\n throw new Error('bad sheet');\n}"
-
error: in ${ ...: line 2: Error: bad sheet

$(function () { return 1; })
-
error: the result is a function, which JSON does not have

$(1 / 0)
-
error: the result is Infinity

$()
-
error: SyntaxError

$(inputs.bar.buz[3])
-
null

$(inputs['bar']['b' + ' az'])
-
2
