package shop;

final class Price {
    int of(int amount) {
        return 7 * amount;
    }
}
