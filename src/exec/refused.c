// SPDX-License-Identifier: Apache-2.0
// Counts what found no way out: packets and connections without a route (OutNoRoutes), and questions to a name server on
// the loopback that is not there (NoPorts). A program that says no more than "could not resolve host" is then explained.
#include "exec/refused.h"

#include "base/str.h"

// /proc/net/snmp: for each protocol a line of names and a line of numbers, "Ip: Forwarding … OutNoRoutes …".
static int64_t counter(Str text, const char *protocol, const char *name)
{
    while (text.len) {
        Str names = str_cut(&text, '\n'), prefix = str_cut(&names, ' ');
        Str numbers = str_is(prefix, protocol) ? str_cut(&text, '\n') : (Str){ 0 };
        str_cut(&numbers, ' ');
        while (names.len && numbers.len) {
            int64_t number;
            Str found = str_cut(&names, ' '), value = str_cut(&numbers, ' ');
            if (str_is(found, name))
                return str_to_int(value, &number) ? number : 0;
        }
    }
    return 0;
}

// /proc/net/snmp6: a name and a number a line.
static int64_t counter6(Str text, const char *name)
{
    while (text.len) {
        int64_t number;
        Str value = str_cut(&text, '\n'), found = str_cut(&value, ' ');
        if (str_is(found, name))
            return str_to_int(str_trim(value), &number) ? number : 0;
    }
    return 0;
}

static Str read_text(const char *path, char *out, size_t size)
{
    FILE *file = fopen(path, "re");
    size_t len = file ? fread(out, 1, size, file) : 0;
    if (file)
        fclose(file);
    return (Str){ out, len };
}

int64_t refused_connections(void)
{
    char bytes[8192];
    Str text = read_text("/proc/net/snmp", bytes, sizeof bytes);
    int64_t count = counter(text, "Ip:", "OutNoRoutes") + counter(text, "Udp:", "NoPorts");
    return count + counter6(read_text("/proc/net/snmp6", bytes, sizeof bytes), "Ip6OutNoRoutes");
}
