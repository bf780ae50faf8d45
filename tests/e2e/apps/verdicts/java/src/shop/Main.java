package shop;

import javax.tools.ToolProvider;

/** Prints its greeting, and whether the Java that runs it can compile. */
public final class Main {
    public static void main(String[] arguments) {
        System.out.println("greeting: " + System.getProperty("greeting", "none"));
        System.out.println("compiler: " + (ToolProvider.getSystemJavaCompiler() != null));
        System.out.println("price: " + new Price().of(3));
    }
}
