// Kernels that compute with floating-point numbers.
#include <math.h>

#include "kernels.h"

// ---- Matrix multiplication: n by n ----

static void multiply(int n, const double *a, const double *b, double *product) {
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < n; j++) {
            double sum = 0;
            for (int k = 0; k < n; k++) sum += a[i * n + k] * b[k * n + j];
            product[i * n + j] = sum;
        }
    }
}

KERNEL(matmul) {
    size_t cells = (size_t)n * n;
    double *a = allocate(3 * cells * sizeof *a), *b = a + cells, *product = b + cells;
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < n; j++) {
            a[i * n + j] = i - j;
            b[i * n + j] = i + 2 * j;
        }
    }
    multiply(n, a, b, product);
    uint32_t hash = HASH_SEED;
    for (size_t i = 0; i < cells; i++) hash = hash_step(hash, (int32_t)product[i]);
    free(a);
    return hash;
}

// ---- The outer planets: n steps of a hundredth of a year ----

enum { BODIES = 5 };

struct body {
    double at[3], velocity[3], mass;
};

// The units are astronomical units, years, and the sun's mass over 4 pi squared.
#define SUN_MASS (4 * M_PI * M_PI)
#define YEAR 365.24

static const struct body solar_system[BODIES] = {
    {{0}, {0}, SUN_MASS},
    {{4.84143144246472090e+00, -1.16032004402742839e+00, -1.03622044471123109e-01},
     {1.66007664274403694e-03 * YEAR, 7.69901118419740425e-03 * YEAR, -6.90460016972063023e-05 * YEAR},
     9.54791938424326609e-04 * SUN_MASS},
    {{8.34336671824457987e+00, 4.12479856412430479e+00, -4.03523417114321381e-01},
     {-2.76742510726411115e-03 * YEAR, 4.99852801234917238e-03 * YEAR, 2.30417297573763929e-05 * YEAR},
     2.85885980666130812e-04 * SUN_MASS},
    {{1.28943695621391310e+01, -1.51111514016986312e+01, -2.23307578892655734e-01},
     {2.96460137564761618e-03 * YEAR, 2.37847173959480950e-03 * YEAR, -2.96589568540237556e-05 * YEAR},
     4.36624404335156298e-05 * SUN_MASS},
    {{1.53796971148509165e+01, -2.59193146099879641e+01, 1.79258772950371181e-01},
     {2.68067772490389322e-03 * YEAR, 1.62824170038242295e-03 * YEAR, -9.51592254519715870e-05 * YEAR},
     5.15138902046611451e-05 * SUN_MASS},
};

static double square(const double v[3]) { return v[0] * v[0] + v[1] * v[1] + v[2] * v[2]; }

static void apart(const struct body *a, const struct body *b, double distance[3]) {
    for (int x = 0; x < 3; x++) distance[x] = a->at[x] - b->at[x];
}

// Gives the sun the velocity that makes the total momentum zero.
static void rest(struct body *bodies) {
    for (int x = 0; x < 3; x++) {
        double momentum = 0;
        for (int i = 0; i < BODIES; i++) momentum += bodies[i].velocity[x] * bodies[i].mass;
        bodies[0].velocity[x] = -momentum / SUN_MASS;
    }
}

static void advance(struct body *bodies, double time) {
    for (struct body *a = bodies; a < bodies + BODIES; a++) {
        for (struct body *b = a + 1; b < bodies + BODIES; b++) {
            double distance[3];
            apart(a, b, distance);
            double squared = square(distance), pull = time / (squared * sqrt(squared));
            for (int x = 0; x < 3; x++) {
                a->velocity[x] -= distance[x] * b->mass * pull;
                b->velocity[x] += distance[x] * a->mass * pull;
            }
        }
    }
    for (struct body *a = bodies; a < bodies + BODIES; a++) {
        for (int x = 0; x < 3; x++) a->at[x] += time * a->velocity[x];
    }
}

static double energy(const struct body *bodies) {
    double sum = 0;
    for (const struct body *a = bodies; a < bodies + BODIES; a++) {
        sum += 0.5 * a->mass * square(a->velocity);
        for (const struct body *b = a + 1; b < bodies + BODIES; b++) {
            double distance[3];
            apart(a, b, distance);
            sum -= a->mass * b->mass / sqrt(square(distance));
        }
    }
    return sum;
}

KERNEL(nbody) {
    struct body bodies[BODIES];
    memcpy(bodies, solar_system, sizeof bodies);
    rest(bodies);
    for (int step = 0; step < n; step++) advance(bodies, 0.01);
    return lround(energy(bodies) * 1e9);
}

// ---- The Mandelbrot set: n by n points ----

enum { ESCAPED = 50 };

static int steps_to_escape(double cr, double ci) {
    double r = 0, i = 0;
    for (int step = 0; step < ESCAPED; step++) {
        double rr = r * r, ii = i * i;
        if (rr + ii > 4) return step;
        i = 2 * r * i + ci;
        r = rr - ii + cr;
    }
    return ESCAPED;
}

KERNEL(mandelbrot) {
    int32_t steps = 0;
    for (int y = 0; y < n; y++) {
        for (int x = 0; x < n; x++) steps += steps_to_escape(2.0 * x / n - 1.5, 2.0 * y / n - 1);
    }
    return steps;
}

// ---- The spectral norm of an infinite matrix, estimated from n by n elements ----

static double element(int row, int column) {
    int diagonal = row + column;
    return 1.0 / (diagonal * (diagonal + 1) / 2 + row + 1);
}

static void times(int n, const double *v, double *product) {
    for (int i = 0; i < n; i++) {
        double sum = 0;
        for (int j = 0; j < n; j++) sum += element(i, j) * v[j];
        product[i] = sum;
    }
}

static void times_transposed(int n, const double *v, double *product) {
    for (int i = 0; i < n; i++) {
        double sum = 0;
        for (int j = 0; j < n; j++) sum += element(j, i) * v[j];
        product[i] = sum;
    }
}

KERNEL(spectral) {
    double *u = allocate(3 * n * sizeof *u), *v = u + n, *half = v + n;
    for (int i = 0; i < n; i++) u[i] = 1;
    for (int round = 0; round < 10; round++) {
        times(n, u, half);
        times_transposed(n, half, v);
        times(n, v, half);
        times_transposed(n, half, u);
    }
    double uv = 0, vv = 0;
    for (int i = 0; i < n; i++) {
        uv += u[i] * v[i];
        vv += v[i] * v[i];
    }
    free(u);
    return lround(sqrt(uv / vv) * 1e9);
}
