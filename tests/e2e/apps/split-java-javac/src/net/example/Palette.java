package net.example;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/** Mixes colours whose names lie in a file beside the classes. */
public final class Palette {
    private Palette() {}

    private static Map<String, Integer> names() throws IOException {
        Map<String, Integer> found = new TreeMap<>();
        for (String line : Files.readAllLines(Path.of("names.csv"))) {
            String[] parts = line.split(",");
            found.put(parts[0], Integer.parseInt(parts[1], 16));
        }
        return found;
    }

    public static void main(String[] words) throws IOException {
        Map<String, Integer> names = names();
        HttpServer server = HttpServer.create(new InetSocketAddress(8080), 0);
        server.createContext("/", exchange -> {
            String name = exchange.getRequestURI().getPath().substring(1);
            String text = name.isEmpty() ? names.toString() : Mixer.lighter(names.getOrDefault(name, 0));
            byte[] body = (text + "\n").getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        server.start();
    }
}
