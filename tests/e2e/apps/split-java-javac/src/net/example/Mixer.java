package net.example;

/** Arithmetic on colours of 24 bits. */
final class Mixer {
    private Mixer() {}

    static String lighter(int colour) {
        int red = (colour >> 16 & 255) + 255 >> 1;
        int green = (colour >> 8 & 255) + 255 >> 1;
        int blue = (colour & 255) + 255 >> 1;
        return String.format("%02x%02x%02x", red, green, blue);
    }
}
