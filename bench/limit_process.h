// SPDX-License-Identifier: Apache-2.0
//
// What benchmarks ask of the operating system about itself: processes, cores, time and memory.
// Main thread, where it does not say "the calling thread".
#pragma once

#include <stddef.h>
#include <stdint.h>

// Runs `work` in a process of its own, so that one measurement finds no other's memory: result is
// size bytes, zero at first, that come back. 0, -errno, or -EIO if the process failed.
int limit_process_apart(void (*work)(const void *arg, void *result), const void *arg, void *result,
                        size_t size);

// The calling thread.
void limit_process_pin(int core);

int64_t limit_process_now_ns(void); // CLOCK_MONOTONIC

// CPU time so far of the calling thread; of all other threads of this process together. It is
// kernel time as well as user time. Interrupts that fall into a thread are its own, unless the
// kernel keeps them apart (CONFIG_IRQ_TIME_ACCOUNTING): then limit_process_interrupt_ns has them.
int64_t limit_process_own_cpu_ns(void);
int64_t limit_process_others_cpu_ns(void);

// Time that this core spent in interrupts and softirqs since it was booted, in steps of 10 ms.
int64_t limit_process_interrupt_ns(int core);

// Resident memory, bytes, without what is a file's: programs and libraries.
int64_t limit_process_resident(void);

// The CPU's name as the kernel gives it.
void limit_process_cpu_name(char *out, size_t size);
