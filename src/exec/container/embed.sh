#!/bin/sh
# embed.sh PROGRAM OUTPUT.S: the bytes of a program as data of another. Its digest is in the text, so that nobody's cache of
# compilations takes an old one for it.
set -eu
{
    echo "// $(sha256sum "$1" | cut -c1-64)"
    printf '    .section .rodata\n    .global helper_begin, helper_end\n    .hidden helper_begin, helper_end\n    .balign 16\nhelper_begin:\n'
    printf '    .incbin "%s"\nhelper_end:\n    .byte 0\n    .section .note.GNU-stack,"",%%progbits\n' "$(realpath "$1")"
} >"$2"
