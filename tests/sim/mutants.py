#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# mutants.py CORE.C NAME OUT: the scheduler with one bug built in, for seeing that the simulator finds it. Each bug is text
# that stands in the file exactly once, so that a mutant whose place has moved fails the build instead of testing nothing.
import sys

MUTANTS = {
    'limit': ('return c->running_count < c->config.max_running && c->left_count', 'return c->running_count <= c->config.max_running && c->left_count'),
    'cores': ('c->cores_used + t->request.cores <= c->config.cores + 1e-9', 'c->cores_used <= c->config.cores + 1e-9'),
    'memory': ('c->memory_used + t->request.memory_bytes <= c->config.memory_bytes', 'c->memory_used <= c->config.memory_bytes'),
    'leak': ('    unreserve(c, t);\n    t->state = STATE_HELD;\n', '    t->state = STATE_HELD;\n'),
    'held-ahead': [('    c->waiting_count++;                 // not ahead: whoever makes its inputs must find room there\n', '    c->ahead_count++;\n'),
                   ('            c->waiting_count--;\n            c->ahead_count++;\n', ''),
                   ('    case STATE_HELD: c->waiting_count--; t->queue->active--; break;\n', '    case STATE_HELD: leave_ahead(c, t); break;\n')],
    'retries': ('case ENDED_TEMPORARY: return t->attempt <= MAX(ordinary, TEMPORARY_RETRIES);',
                'case ENDED_TEMPORARY: return t->attempt <= MAX(ordinary, TEMPORARY_RETRIES) + 1;'),
    'early': ('        record(t, STATE_RECORDING_DONE, CORE_RECORD_DONE, out);\n',
              '        record(t, STATE_RECORDING_DONE, CORE_RECORD_DONE, out), tell(c, t, CORE_END_DONE, out);\n'),
    'twins': ('    struct core_task *leader = is_shared ? map_find(&c->leaders, key_str(t)) : NULL;\n', '    struct core_task *leader = NULL;\n'),
    'followers': ('        if (leader) {\n            link_append(&leader->followers, l);\n            continue;\n', '        if (leader) {\n            continue;\n'),
    'stale': ('return t->state == STATE_RUNNING && (event->attempt == 0 || event->attempt == t->attempt);',
              'return t->state == STATE_RUNNING && event != NULL;'),
    'left-twice': ('    if (!is_current(t, event) || t->has_left)\n', '    if (!is_current(t, event))\n'),
    'after-stop': ('        t->state = STATE_READY;\n        link_append(&c->ready, &t->link);\n        if (c->stopped)\n            cancel_waiting(c, t, out);\n',
                   '        t->state = STATE_READY;\n        link_append(&c->ready, &t->link);\n'),
    'no-intent': ('            c->waiting_count--;\n            enqueue(c, t, false);\n',
                  '            t->state = STATE_READY, c->waiting_count--, c->ahead_count++, t->queue->active++;\n'
                  '            t->attempt++, link_append(&c->ready, &t->link);\n'),
    'memory-not-raised': ('            raise_memory(c, t);\n', '            (void)raise_memory;\n'),
    'hangs': ('            emit(out, (struct core_effect){ .kind = CORE_KILL, .task = t, .attempt = t->attempt, .timed_out = true });\n', '            (void)out;\n'),
}


def main():
    if len(sys.argv) == 2 and sys.argv[1] == 'list':
        print('\n'.join(MUTANTS))
        return
    source, name, out = sys.argv[1:]
    with open(source) as f:
        text = f.read()
    changes = MUTANTS[name]
    for good, bad in changes if isinstance(changes, list) else [changes]:
        if text.count(good) != 1:
            sys.exit('mutants.py: the text that the mutant %s changes stands %d times in %s, expected once: mend the mutant'
                     % (name, text.count(good), source))
        text = text.replace(good, bad)
    with open(out, 'w') as f:
        f.write(text)


main()
