package tools;

/** What the shop's owner runs once a year. */
public final class Report {
    public static void main(String[] arguments) {
        System.out.println("nothing to report");
    }
}
