package calciphylaxis.testserver;

import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.context.support.IValidationSupport;
import ca.uhn.fhir.interceptor.api.IInterceptorService;
import ca.uhn.fhir.jpa.api.config.JpaStorageSettings;
import ca.uhn.fhir.jpa.api.dao.IFhirSystemDao;
import ca.uhn.fhir.jpa.provider.JpaCapabilityStatementProvider;
import ca.uhn.fhir.jpa.provider.JpaSystemProvider;
import ca.uhn.fhir.jpa.search.DatabaseBackedPagingProvider;
import ca.uhn.fhir.rest.api.EncodingEnum;
import ca.uhn.fhir.rest.server.RestfulServer;
import ca.uhn.fhir.rest.server.provider.ResourceProviderFactory;
import ca.uhn.fhir.rest.server.util.ISearchParamRegistry;
import java.io.OutputStream;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;

/**
 * A HAPI FHIR R4 server with an empty in-memory database at http://127.0.0.1:${fhir.port}/fhir, for tests only.
 *
 * <p>It ends when its standard input ends, so that it never outlives the test run that started it, however that run ended.
 */
public final class TestServer {

    private static final int PORT = Integer.getInteger("fhir.port", 18080);

    private TestServer() {}

    static String base() {
        return "http://127.0.0.1:" + PORT + "/fhir";
    }

    public static void main(String[] arguments) throws Exception {
        ApplicationContext beans = new AnnotationConfigApplicationContext(ServerConfig.class);
        Server jetty = new Server();
        ServerConnector connector = new ServerConnector(jetty);
        connector.setHost("127.0.0.1");
        connector.setPort(PORT);
        jetty.addConnector(connector);
        ServletContextHandler handler = new ServletContextHandler("/");
        handler.addServlet(new ServletHolder(fhirServlet(beans)), "/fhir/*");
        jetty.setHandler(handler);
        jetty.start();
        System.out.println("READY " + base());
        System.in.transferTo(OutputStream.nullOutputStream());
        System.exit(0);
    }

    private static RestfulServer fhirServlet(ApplicationContext beans) {
        RestfulServer fhir = new RestfulServer(beans.getBean(FhirContext.class));
        fhir.registerProviders(beans.getBean("myResourceProvidersR4", ResourceProviderFactory.class).createProviders());
        fhir.registerProvider(beans.getBean(JpaSystemProvider.class));
        fhir.setPagingProvider(beans.getBean(DatabaseBackedPagingProvider.class));
        fhir.setDefaultResponseEncoding(EncodingEnum.JSON);
        fhir.setInterceptorService(beans.getBean(IInterceptorService.class));
        fhir.setServerConformanceProvider(new JpaCapabilityStatementProvider(
                fhir,
                (IFhirSystemDao<?, ?>) beans.getBean("mySystemDaoR4"),
                beans.getBean(JpaStorageSettings.class),
                beans.getBean(ISearchParamRegistry.class),
                beans.getBean(IValidationSupport.class)));
        return fhir;
    }
}
