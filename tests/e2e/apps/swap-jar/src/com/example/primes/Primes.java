package com.example.primes;

import java.util.stream.Collectors;
import java.util.stream.IntStream;

final class Primes {
    private Primes() {}

    static String below(int limit) {
        return IntStream.range(2, limit)
                .filter(n -> IntStream.rangeClosed(2, (int) Math.sqrt(n)).noneMatch(d -> n % d == 0))
                .mapToObj(Integer::toString)
                .collect(Collectors.joining(" "));
    }
}
