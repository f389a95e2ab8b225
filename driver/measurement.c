/* Medians of many runs: what else the machine does only makes some of them longer. */
#include "driver/measurement.h"

#include "driver/clock.h"
#include "driver/profile.h"

static const double WARM_UP_SECONDS = 0.2, MEASURE_SECONDS = 2;
enum { LEAST_RUNS = 5, MOST_RUNS = 100000, PROFILE_REPEATS = 15 };

/* Times of runs, in seconds. */
typedef struct Samples {
  double *seconds;
  uint32_t count, most; /* there are; there is room for */
  double limit;         /* seconds of all, LEAST_RUNS aside; 0: until there are `most` */
} Samples;

/* What has been done of what is to do. */
static double share(const Samples *samples, double elapsed) {
  return samples->limit > 0 ? elapsed / samples->limit
                            : (double)samples->count / (double)samples->most;
}

/* Fills *samples. */
static Status time_runs(Native *native, const Measurement *m, Progress *progress,
                        Samples *samples) {
  double begin = clock_seconds(), last = begin;
  samples->count = 0;
  while (samples->count < samples->most) {
    if (samples->count >= LEAST_RUNS && samples->limit > 0 && last - begin >= samples->limit) break;
    RETURN_IF_ERROR(native_run(native, m->in, m->out));
    double now = clock_seconds();
    samples->seconds[samples->count++] = now - last;
    progress_share(progress, share(samples, now - begin));
    last = clock_seconds();
  }
  return STATUS_OK;
}

Status measurement_take(Compilation *c, Native *native, bool profile, Measurement *m) {
  *m = (Measurement){.work = work_of_call(native->plan, c->variants[0].resolutions[0].macs)};
  native_sample_tensors(c->arena, native->plan, &m->in, &m->out);
  uint32_t asked = (uint32_t)c->options->iterations;
  Samples samples = {.most = MOST_RUNS, .limit = WARM_UP_SECONDS};
  samples.seconds = ARENA_ARRAY(c->arena, asked > MOST_RUNS ? asked : MOST_RUNS, double);
  progress_step(&c->progress, "warming up");
  RETURN_IF_ERROR(time_runs(native, m, &c->progress, &samples));
  samples.limit = asked ? 0 : MEASURE_SECONDS;
  if (asked) samples.most = asked;
  progress_step(&c->progress, "timing");
  RETURN_IF_ERROR(time_runs(native, m, &c->progress, &samples));
  m->runs = samples.count;
  m->median = profile_median(samples.seconds, m->runs);
  m->least = samples.seconds[0];
  RETURN_IF_ERROR(peak_measure(native, m->work, &m->peaks));
  if (profile) {
    m->steps = ARENA_ARRAY(c->arena, native->plan->step_count, double);
    RETURN_IF_ERROR(profile_measure(native, m->in, m->out, PROFILE_REPEATS, m->steps));
  }
  progress_end(&c->progress);
  return STATUS_OK;
}

double measurement_rate(const Measurement *m) {
  return (double)work_macs(m->work) / m->median;
}
