int price_of(int amount) { return 7 * amount; }
