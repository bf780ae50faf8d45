int tax_on(int price) { return price + price / 5; }
