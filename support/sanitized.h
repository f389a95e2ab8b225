/* Whether this is a build with AddressSanitizer. Then code that is generated to run in this process
 * is watched too. */
#ifndef ATMC_SUPPORT_SANITIZED_H
#define ATMC_SUPPORT_SANITIZED_H

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

#if SANITIZED
/* Of AddressSanitizer: nobody may touch `bytes` bytes at `memory`, */
void __asan_poison_memory_region(void const volatile *memory, __SIZE_TYPE__ bytes);
/* and that taken back. */
void __asan_unpoison_memory_region(void const volatile *memory, __SIZE_TYPE__ bytes);
#define SANITIZED_FORBID(memory, bytes) __asan_poison_memory_region((memory), (bytes))
#define SANITIZED_ALLOW(memory, bytes) __asan_unpoison_memory_region((memory), (bytes))
#else
#define SANITIZED_FORBID(memory, bytes) ((void)(memory), (void)(bytes))
#define SANITIZED_ALLOW(memory, bytes) ((void)(memory), (void)(bytes))
#endif

#endif
